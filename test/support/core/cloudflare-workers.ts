// Stands for the module `cloudflare:workers` in Node: what src/ needs of it to load. Nothing here works like
// the platform; tests that need an object's class run in workerd.

export class DurableObject {
  /** @throws Error */
  get ctx(): never {
    throw new Error("Durable Objects run in workerd.");
  }
}
