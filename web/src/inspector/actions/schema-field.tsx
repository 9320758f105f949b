// A form field for a value of a shape. Objects get nested fields.

import { useState } from "react";
import type { JsonObject, JsonValue } from "collab-room/protocol";
import { parse } from "../state/tree.tsx";
import type { Field, Shape } from "./schema.ts";

type Props = {
  readonly name: string;
  readonly shape: Shape;
  /** `undefined` if it is left out. */
  readonly value: JsonValue | undefined;
  /** Called with `undefined` for invalid JSON. */
  onChange(value: JsonValue | undefined): void;
};

export function SchemaField({ name, shape, value, onChange }: Props) {
  const { kind, description } = shape;
  const label = shape.title || name;
  const hint = description && <small className="soft">{description}</small>;
  switch (kind.is) {
    case "text":
      return (
        <label className="field">
          <span>{label}</span>
          {kind.isLong ? (
            <textarea
              dir="auto"
              rows={2}
              maxLength={kind.most}
              value={String(value ?? "")}
              onChange={({ target }) => onChange(target.value)}
            />
          ) : (
            <input
              dir="auto"
              maxLength={kind.most}
              autoComplete="off"
              value={String(value ?? "")}
              onChange={({ target }) => onChange(target.value)}
            />
          )}
          {hint}
        </label>
      );
    case "number":
      return (
        <label className="field">
          <span>{label}</span>
          <input
            type="number"
            dir="ltr"
            min={kind.min}
            max={kind.max}
            step={kind.isWhole ? 1 : "any"}
            value={typeof value === "number" ? value : ""}
            onChange={({ target }) =>
              onChange(Number.isNaN(target.valueAsNumber) ? undefined : target.valueAsNumber)
            }
          />
          {hint}
        </label>
      );
    case "flag":
      return (
        <label className="flag">
          <input
            type="checkbox"
            checked={value === true}
            onChange={({ target }) => onChange(target.checked)}
          />
          <span>{label}</span>
          {hint}
        </label>
      );
    case "choice":
      return (
        <label className="field">
          <span>{label}</span>
          <select
            value={JSON.stringify(value ?? null)}
            onChange={({ target }) => onChange(JSON.parse(target.value) as JsonValue)}
          >
            {kind.of.map((choice) => (
              <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
                {String(choice)}
              </option>
            ))}
          </select>
          {hint}
        </label>
      );
    case "fields":
      return (
        <fieldset className="group">
          {label && <legend>{label}</legend>}
          {hint}
          <Fields fields={kind.fields} value={value} onChange={onChange} />
        </fieldset>
      );
    case "json":
      return <JsonField label={label} hint={hint} value={value} onChange={onChange} />;
    default:
      return kind satisfies never;
  }
}

type FieldsProps = {
  readonly fields: readonly Field[];
  readonly value: JsonValue | undefined;
  onChange(value: JsonValue): void;
};

/** Optional fields are left out until they are ticked. */
export function Fields({ fields, value, onChange }: FieldsProps) {
  const object = (value ?? {}) as JsonObject;
  const set = (name: string, next: JsonValue | undefined): void => {
    const rest = Object.entries(object).filter(([key]) => key !== name);
    onChange(Object.fromEntries(next === undefined ? rest : [...rest, [name, next]]));
  };
  return fields.map(({ name, isNeeded, schema }) => (
    <div key={name} className="optional">
      {!isNeeded && (
        <label className="flag">
          <input
            type="checkbox"
            checked={Object.hasOwn(object, name)}
            onChange={({ target }) => set(name, target.checked ? schema.first : undefined)}
          />
          <span>Include {schema.title || name}</span>
        </label>
      )}
      {(isNeeded || Object.hasOwn(object, name)) && (
        <SchemaField
          name={name}
          shape={schema}
          value={object[name]}
          onChange={(next) => set(name, next)}
        />
      )}
    </div>
  ));
}

type JsonProps = {
  readonly label: string;
  readonly hint: React.ReactNode;
  readonly value: JsonValue | undefined;
  onChange(value: JsonValue | undefined): void;
};

function JsonField({ label, hint, value, onChange }: JsonProps) {
  const [text, setText] = useState(() => JSON.stringify(value ?? null, null, 2));
  return (
    <label className="field">
      <span>{label ? `${label} (JSON)` : "Input (JSON)"}</span>
      <textarea
        dir="ltr"
        rows={3}
        spellCheck={false}
        aria-invalid={parse(text) === undefined}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onChange(parse(target.value));
        }}
      />
      {hint}
    </label>
  );
}
