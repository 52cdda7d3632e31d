// CRC-32C check values: RFC 3720 B.4. The event's bytes: protobuf's encoding worked out by hand.
import { expect, test } from "vitest";
import { crc32c, encodeRecord, maskedCrc, scalarEvent, versionEvent } from "../../src/train/event-file.ts";

test("crc32c gives the published check values", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test("a record is length, its masked checksum, data, their masked checksum", () => {
  const record = Buffer.from(encodeRecord(Buffer.from("abc")));
  expect(record.readBigUInt64LE(0)).toBe(3n);
  expect(record.readUInt32LE(8)).toBe(maskedCrc(record.subarray(0, 8)));
  expect(record.subarray(12, 15).toString()).toBe("abc");
  expect(record.readUInt32LE(15)).toBe(maskedCrc(Buffer.from("abc")));
  // The mask: rotate right by 15, add 0xa282ead8.
  const crc = crc32c(Buffer.from("abc"));
  expect(maskedCrc(Buffer.from("abc"))).toBe(((crc >>> 15) + crc * 2 ** 17 + 0xa282ead8) % 2 ** 32);
});

test("events are encoded as protobuf", () => {
  const time = [9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]; // field 1, double 1.5
  expect([...versionEvent(1.5)]).toEqual([...time, 0x1a, 13, ...Buffer.from("brain.Event:2")]);
  const value = [0x0a, 4, ...Buffer.from("loss"), 0x15, 0, 0, 0x80, 0x3e]; // tag, simple_value 0.25
  expect([...scalarEvent(1.5, 300, { loss: 0.25 })]).toEqual([
    ...time,
    0x10,
    0xac,
    0x02,
    0x2a,
    value.length + 2,
    0x0a,
    value.length,
    ...value,
  ]);
});
