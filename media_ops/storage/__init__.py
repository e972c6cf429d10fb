"""Where objects live: one interface, a folder on disk and an in-memory store behind it."""

from media_ops.storage.address import open_store as open_store
from media_ops.storage.port import Stat as Stat
from media_ops.storage.port import Store as Store
