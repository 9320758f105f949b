// The icons, drawn with strokes of one width on a 16 × 16 grid.

const paths = {
  add: "M8 3v10M3 8h10",
  undo: "M5.5 3 2.5 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  redo: "m10.5 3 3 3-3 3M13 6H6.500a3.500 3.500 0 0 0 0 7H10",
  close: "m4 4 8 8M12 4l-8 8",
  link: "M6.500 9.500l3-3M7 4.500l1-1a3 3 0 0 1 4.500 4.300l-1.200 1.200M9 11.500l-1 1A3 3 0 0 1 3.500 8.200L4.700 7",
  people:
    "M6 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM1.500 13.500a4.500 4.500 0 0 1 9 0M10.500 3.300a2.500 2.500 0 0 1 0 4.500M12.200 10a4.500 4.500 0 0 1 2.300 3.500",
  front: "M8 13V4M4.500 7.500 8 4l3.500 3.500M3 2h10",
  back: "M8 3v9M4.500 8.500 8 12l3.500-3.500M3 14h10",
  remove: "M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.6 9h5.800l.6-9",
  copy: "M6 5.500h7.500V14H6zM3.500 10.500h-1V2H10v1",
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
