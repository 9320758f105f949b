// Rooms that lose their objects from memory, in Node.

import { useFakeDate } from "../support/fake-date.ts";
import { evict, redeploy, ring, rooms, stored } from "../support/core/rooms.ts";
import { connect } from "../support/core/socket-client.ts";
import { describeLoss } from "../support/losses.ts";

useFakeDate();

const platform = { rooms, connect, ring, stored };

describeLoss(platform, { name: "sleep", socketsStay: true, lose: evict });
describeLoss(platform, { name: "a deploy", socketsStay: false, lose: redeploy });
