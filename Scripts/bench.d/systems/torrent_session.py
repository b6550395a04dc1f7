"""A libtorrent session as a process, tuned for loopback.

    torrent_session.py make SOURCE TORRENT               makes a BitTorrent v2 torrent with pieces of 1 MiB
    torrent_session.py seed TORRENT DIRECTORY ADDRESS    seeds from DIRECTORY
    torrent_session.py fetch TORRENT DIRECTORY ADDRESS   fetches into DIRECTORY

The last two print ADDRESS:PORT when they are there. A fetcher then reads one line, a JSON array of others' endpoints,
connects to them, and prints the seconds until its file is whole. Both answer every empty line with the bytes of
payload sent so far.
"""

import json
import pathlib
import sys
import time

import libtorrent

SETTINGS = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "out_enc_policy": 2, "in_enc_policy": 2, "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1,
    "connection_speed": 200, "unchoke_slots_limit": 64, "aio_threads": 4, "hashing_threads": 2,
    "max_queued_disk_bytes": 64 << 20, "send_buffer_watermark": 4 << 20, "send_buffer_low_watermark": 1 << 20,
    "max_out_request_queue": 1500, "max_allowed_in_request_queue": 2000,
    "alert_mask": libtorrent.alert.category_t.status_notification,
}


def make(source, torrent):
    source = pathlib.Path(source)
    files = libtorrent.file_storage()
    libtorrent.add_files(files, str(source))
    creator = libtorrent.create_torrent(files, piece_size=1 << 20, flags=libtorrent.create_torrent.v2_only)
    libtorrent.set_piece_hashes(creator, str(source.parent))
    pathlib.Path(torrent).write_bytes(libtorrent.bencode(creator.generate()))


def open_session(torrent, directory, address, flags):
    session = libtorrent.session({**SETTINGS, "listen_interfaces": f"{address}:0"})
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = directory
    parameters.flags = flags
    handle = session.add_torrent(parameters)
    while not session.is_listening() or handle.status().state in (
            libtorrent.torrent_status.checking_files, libtorrent.torrent_status.checking_resume_data):
        time.sleep(0.01)
    print(f"{address}:{session.listen_port()}", flush=True)
    return session, handle


def seed(torrent, directory, address):
    _session, handle = open_session(torrent, directory, address, libtorrent.torrent_flags.seed_mode)
    answer(handle)


def fetch(torrent, directory, address):
    session, handle = open_session(torrent, directory, address, 0)
    endpoints = json.loads(sys.stdin.readline())
    start = time.monotonic()
    for endpoint in endpoints:
        other, port = endpoint.split(":")
        handle.connect_peer((other, int(port)))
    while not handle.status().is_seeding:
        session.wait_for_alert(20)
        session.pop_alerts()
    print(time.monotonic() - start, flush=True)
    answer(handle)


def answer(handle):
    for _ in sys.stdin:
        print(handle.status().total_payload_upload, flush=True)


if __name__ == "__main__":
    {"make": make, "seed": seed, "fetch": fetch}[sys.argv[1]](*sys.argv[2:])
