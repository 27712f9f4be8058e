import test from "ava";
import { RowRoom } from "./row-room.ts";

test("rows have room while the volume has, or else while the file has pages to reuse", (t) => {
  const volume = {
    isLow: false,
    watermarkBytes: 1000,
    spent: 0,
    spend: (bytes: number) => {
      volume.spent += bytes;
    },
  };
  let reusableBytes = 0;
  let counts = 0;
  const count = (): number => {
    counts += 1;
    return reusableBytes;
  };
  const room = new RowRoom({ volume, reusableBytes: count });
  t.false(room.isLow);
  t.is(counts, 0, "nothing is counted while there is space");
  room.spend(10);
  t.is(volume.spent, 10);

  volume.isLow = true;
  t.true(room.isLow);
  room.spend(10);
  t.is(volume.spent, 10, "what is reused takes nothing from the volume");
  reusableBytes = 1000;
  for (let question = 0; question < 16; question++) void room.isLow;
  t.false(room.isLow, "counted again after some questions");
  t.true(counts < 4);
});
