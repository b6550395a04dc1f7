"""The attacks."""

from battle import TINY, Attack
from greed import Greed
from joins import Joins
from lies import MANIFEST_MIB_MAX, Manifests, Rosters, WrongManifests
from world import MIB, NAME

ATTACKS = [
    Attack("idle", "10,000 connections that say nothing", "idle", 10_000, ends_soon=True),
    Attack(
        "idle-everywhere", "10,000 connections from 16 addresses that say nothing", "idle", 10_000, ends_soon=True,
        details=("addresses=16",)),
    Attack("idle-at-manager", "10,000 connections that say nothing", "idle", 10_000, "manager", ends_soon=True,
        battle=Joins),
    Attack(
        "greeted", "10,000 connections that say hello and no more", "greeted", 10_000, proof={"longest_seconds": 9}),
    Attack("half-open", "5,000 connections with half a hello", "halfopen", 5_000, ends_soon=True),
    Attack("half-open-at-manager", "5,000 connections with half a hello", "halfopen", 5_000, "manager", ends_soon=True,
        battle=Joins),
    Attack("slowloris", "500 connections with a byte a second", "slowloris", 500, ends_soon=True),
    Attack("slowloris-at-manager", "500 connections with a byte a second", "slowloris", 500, "manager", ends_soon=True,
        battle=Joins),
    Attack(
        "connects", "connections opened and closed, as fast as can be", "connects", 500, proof={"connected": 5_000}),
    Attack(
        "connects-at-manager", "the same", "connects", 500, "manager", battle=Joins, proof={"connected": 5_000}),
    Attack("requests", "50 connections ask for names without end", "requests", 50, proof={"bytes read": 10 * MIB}),
    Attack(
        "unread-requests", "50 connections ask for names without end, and read no answer", "unreadrequests", 50,
        proof={"bytes sent": 1 * MIB}),
    Attack(
        "tiny-chunks", "50 connections ask for chunks of one byte without end", "chunks", 50, file=TINY,
        proof={"answers": 20_000}),
    Attack(
        "cancels", "20 connections ask for chunks and cancel them without end", "cancels", 20, file=NAME,
        proof={"answers": 2_000}),
    Attack("unread-pieces", "50 connections ask for pieces and digests, and read nothing", "unread", 50, file=NAME,
        proof={"bytes sent": 3 * MIB, "held": 40}),
    Attack(
        "greedy", "3 requesters with 8 connections each ask one holder for all it can send, 3 others for a file each",
        "greedy", 24, file=NAME, details=("identities=3",), battle=Greed, proof={"bytes read": 10 * MIB}),
    Attack(
        "rosters", "a manager sends rosters of 65,536 peers without end, and the largest deltas", "rosters", 1,
        battle=Rosters, proof={"rosters": 1}),
    Attack(
        "manifest-entries", "a holder offers a directory of 1,000,000 files", "manifests", 1,
        details=("entries=1000000", "path=16"), battle=Manifests, memory_mib_max=MANIFEST_MIB_MAX,
        proof={"files asked for": 1}),
    Attack(
        "manifest-bytes", "a holder offers a directory whose manifest has 256 MiB", "manifests", 1,
        details=("entries=1000000", "path=220"), battle=Manifests, memory_mib_max=MANIFEST_MIB_MAX,
        proof={"files asked for": 1}),
    Attack(
        "manifest-wrong", "the same, wrong in its last entry", "manifests", 1,
        details=("entries=1000000", "path=220", "wrong=1"), battle=WrongManifests,
        memory_mib_max=MANIFEST_MIB_MAX, proof={"pieces": 256}),
    Attack("unreachable", "2,000 peers join that nobody can reach, again and again", "unreachable", 2_000, "manager",
        battle=Joins, proof={"bytes sent": 1 * MIB, "bytes read": 1 * MIB}),
    Attack("members", "5,000 peers that do nothing else join", "members", 5_000, "manager", battle=Joins,
        proof={"welcomed": 4_000}),
    Attack("unread-members", "2,000 peers join and read nothing", "unreadmembers", 2_000, "manager", battle=Joins,
        proof={"probed": 2_000, "held": 2_000}),
]
