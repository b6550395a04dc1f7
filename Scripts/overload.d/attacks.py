"""The attacks."""

from battle import TINY, Attack
from greed import Greed
from lies import MANIFEST_MIB_MAX, Manifests, Rosters
from world import NAME

ATTACKS = [
    Attack("idle", "10,000 connections that say nothing", "idle", 10_000, ends_soon=True),
    Attack("idle-at-manager", "10,000 connections that say nothing", "idle", 10_000, "manager", ends_soon=True),
    Attack("greeted", "10,000 connections that say hello and no more", "greeted", 10_000),
    Attack("half-open", "5,000 connections with half a hello", "halfopen", 5_000, ends_soon=True),
    Attack("half-open-at-manager", "5,000 connections with half a hello", "halfopen", 5_000, "manager", ends_soon=True),
    Attack("slowloris", "500 connections with a byte a second", "slowloris", 500, ends_soon=True),
    Attack("slowloris-at-manager", "500 connections with a byte a second", "slowloris", 500, "manager", ends_soon=True),
    Attack("connects", "connections opened and closed, as fast as can be", "connects", 500),
    Attack("connects-at-manager", "the same", "connects", 500, "manager"),
    Attack("requests", "50 connections ask for names without end", "requests", 50),
    Attack("unread-requests", "50 connections ask for names without end, and read no answer", "unreadrequests", 50),
    Attack("tiny-chunks", "50 connections ask for chunks of one byte without end", "chunks", 50, file=TINY),
    Attack("cancels", "20 connections ask for chunks and cancel them without end", "cancels", 20, file=NAME),
    Attack("unread-pieces", "50 connections ask for pieces and digests, and read nothing", "unread", 50, file=NAME),
    Attack(
        "greedy", "3 requesters with 8 connections each ask one holder for all it can send, 3 others for a file each",
        "greedy", 24, file=NAME, details=("identities=3",), battle=Greed),
    Attack(
        "rosters", "a manager sends rosters of 65,536 peers without end, and the largest deltas", "rosters", 1,
        battle=Rosters),
    Attack(
        "manifest-entries", "a holder offers a directory of 1,000,000 files", "manifests", 1,
        details=("entries=1000000", "path=16"), battle=Manifests, memory_mib_max=MANIFEST_MIB_MAX),
    Attack(
        "manifest-bytes", "a holder offers a directory whose manifest has 256 MiB", "manifests", 1,
        details=("entries=1000000", "path=220"), battle=Manifests, memory_mib_max=MANIFEST_MIB_MAX),
    Attack(
        "manifest-wrong", "the same, wrong in its last entry", "manifests", 1,
        details=("entries=1000000", "path=220", "wrong=1"), battle=Manifests, memory_mib_max=MANIFEST_MIB_MAX),
    Attack("unreachable", "2,000 peers join that nobody can reach, again and again", "unreachable", 2_000, "manager"),
    Attack("members", "5,000 peers that do nothing else join", "members", 5_000, "manager"),
    Attack("unread-members", "2,000 peers join and read nothing", "unreadmembers", 2_000, "manager"),
]
