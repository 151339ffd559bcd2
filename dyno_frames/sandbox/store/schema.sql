-- The tables of the resources are generated from the contract; see create_table in columns.py.
-- This file has their indexes and the other tables.

CREATE INDEX templates_by_created ON templates (created, id);
CREATE INDEX lists_by_created ON lists (created, id);
CREATE INDEX campaigns_by_created ON campaigns (created, id);
CREATE INDEX campaigns_by_updated ON campaigns (updated, id);
CREATE INDEX campaigns_by_status ON campaigns (status, created, id);
CREATE INDEX campaigns_by_list ON campaigns (list_id, created, id);
CREATE INDEX campaigns_by_list_and_status ON campaigns (list_id, status, created, id);
CREATE INDEX campaigns_in_motion ON campaigns (status, start_time) WHERE status IN ('scheduled', 'running');

-- Fields outside the contract are columns x1, x2, … of their resource's table. This table has their names, so
-- that a name from a request is never part of an SQL statement.
CREATE TABLE extra_fields (
    resource TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    types INTEGER NOT NULL,
    PRIMARY KEY (resource, name)
) WITHOUT ROWID;

CREATE TABLE contacts (
    list_id TEXT NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
    email TEXT NOT NULL COLLATE NOCASE,
    fields TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (list_id, email)
) WITHOUT ROWID;

-- One row for each recipient of a campaign, created when the campaign starts. A message is claimed before it is
-- sent and gets its outcome afterwards, so it is sent at most once. The token identifies the message in its
-- Message-ID and in its unsubscribe link. Times are epoch seconds.
CREATE TABLE deliveries (
    position INTEGER PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    list_id TEXT,
    email TEXT NOT NULL COLLATE NOCASE,
    fields TEXT NOT NULL DEFAULT '{}',
    token TEXT NOT NULL UNIQUE,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('waiting', 'claimed', 'sent', 'refused', 'invalid', 'unknown', 'withdrawn')),
    reason TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    claimed INTEGER,
    settled INTEGER,
    unsubscribed INTEGER,
    UNIQUE (campaign_id, email)
);
CREATE INDEX deliveries_waiting ON deliveries (campaign_id, due, position) WHERE outcome = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (campaign_id) WHERE outcome = 'claimed';
CREATE INDEX deliveries_by_contact ON deliveries (list_id, email) WHERE outcome = 'waiting';

-- How long ago the sending of a simulated campaign began, in simulated seconds. Opens and clicks depend on it.
CREATE TABLE engagement (
    campaign_id TEXT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    age_s REAL NOT NULL
) WITHOUT ROWID;
