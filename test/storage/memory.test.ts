// The memory storage keeps the storage contract.

import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import { storageContract } from "./contract.ts";

storageContract(async (use) => {
  const storage = new MemoryRoomStorage<{ name: string }, { seq: number; id: string }>();
  const open = () => {
    storage.open();
    return storage;
  };
  await use({ storage: open(), reopen: open });
});
