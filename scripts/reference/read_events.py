"""Reads TensorBoard event files with nothing of this project and prints their events as JSON lines.

Written from the formats alone, with the bitwise definition of the checksum, so that it can stand for TensorBoard where that
is not installed. It stops with an error at a wrong checksum, an unknown field or a cut record.
  TFRecord: u64 length, u32 masked CRC-32C of the length, data, u32 masked CRC-32C of the data; little-endian.
  Event (tensorboard/compat/proto/event.proto): 1 double wall_time, 2 int64 step, 3 string file_version, 5 Summary summary.
  Summary: 1 repeated Value. Value: 1 string tag, 2 float simple_value.

usage: read_events.py FILE…
"""
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def take(data, at, count):
    if at + count > len(data):
        raise ValueError(f"cut at byte {at}")
    return data[at : at + count], at + count


def records(data):
    at = 0
    while at < len(data):
        head, at = take(data, at, 8)
        check, at = take(data, at, 4)
        if struct.unpack("<I", check)[0] != masked(head):
            raise ValueError(f"wrong checksum of the length at byte {at}")
        body, at = take(data, at, struct.unpack("<Q", head)[0])
        check, at = take(data, at, 4)
        if struct.unpack("<I", check)[0] != masked(body):
            raise ValueError(f"wrong checksum of the data at byte {at}")
        yield body


def varint(data, at):
    value = shift = 0
    while True:
        byte, at = take(data, at, 1)
        value |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return value, at


def fields(data):
    """(number, value) of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            raw, at = take(data, at, 8)
            value = struct.unpack("<d", raw)[0]
        elif wire == 5:
            raw, at = take(data, at, 4)
            value = struct.unpack("<f", raw)[0]
        elif wire == 2:
            size, at = varint(data, at)
            value, at = take(data, at, size)
        else:
            raise ValueError(f"unknown wire type {wire}")
        yield number, value


def event(data):
    out = {"values": {}}
    for number, value in fields(data):
        if number == 1:
            out["wall_time"] = value
        elif number == 2:
            out["step"] = value
        elif number == 3:
            out["file_version"] = value.decode()
        elif number == 5:
            for kind, entry in fields(value):
                if kind != 1:
                    raise ValueError(f"unknown field {kind} of Summary")
                parts = dict(fields(entry))
                if set(parts) != {1, 2}:
                    raise ValueError(f"unexpected fields {sorted(parts)} of Value")
                out["values"][parts[1].decode()] = parts[2]
        else:
            raise ValueError(f"unknown field {number} of Event")
    return out


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        for body in records(file.read()):
            print(json.dumps(event(body)))
