"""The sandboxed process that touches foreign media: one child per attempt."""
