// Rooms that lose their objects from memory in workerd, including crashes.

import { useFakeDate } from "../support/fake-date.ts";
import { describeLoss } from "../support/losses.ts";
import { crash, evict, redeploy, ring, rooms, stored } from "../support/rooms.ts";
import { connect } from "../support/socket-client.ts";

useFakeDate();

const platform = { rooms, connect, ring, stored };

describeLoss(platform, { name: "sleep", socketsStay: true, lose: evict });
describeLoss(platform, { name: "a deploy", socketsStay: false, lose: redeploy });
describeLoss(platform, { name: "a crash", socketsStay: false, lose: crash });
