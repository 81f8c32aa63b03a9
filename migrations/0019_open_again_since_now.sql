-- A condition that ended and came back waits since it came back: its age is that of this time. An item of March that is open again in
-- June is not three months old, and does not make /health degraded in its first minute.
grant update (opened_at) on open_items to atlas_app;
