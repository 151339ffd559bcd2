"""How a database of an earlier version becomes one of the present version, step by step."""

from __future__ import annotations

from typing import Final

_TO_2: Final = """
CREATE INDEX campaigns_by_updated ON campaigns (updated, id);
CREATE INDEX campaigns_by_status ON campaigns (status, created, id);
CREATE INDEX campaigns_by_list ON campaigns (list_id, created, id);

ALTER TABLE contacts RENAME TO contacts_1;
CREATE TABLE contacts (
    list_id TEXT NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
    email TEXT NOT NULL COLLATE NOCASE,
    fields TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (list_id, email)
) WITHOUT ROWID;
INSERT OR IGNORE INTO contacts (list_id, email)
    SELECT list_id, email FROM contacts_1 WHERE list_id IN (SELECT id FROM lists);
DROP TABLE contacts_1;

DROP INDEX deliveries_unsettled;
ALTER TABLE deliveries RENAME TO deliveries_1;
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
    due INTEGER NOT NULL DEFAULT 0,
    claimed INTEGER,
    settled INTEGER,
    unsubscribed INTEGER,
    UNIQUE (campaign_id, email)
);
INSERT OR IGNORE INTO deliveries (campaign_id, list_id, email, token, outcome, claimed, settled)
    SELECT campaigns.id, campaigns.list_id, email, lower(hex(randomblob(16))), outcome, claimed, settled
    FROM deliveries_1 JOIN campaigns ON campaigns.id = deliveries_1.campaign_id;
INSERT OR IGNORE INTO deliveries (campaign_id, list_id, email, token, outcome)
    SELECT campaigns.id, campaigns.list_id, contacts.email, lower(hex(randomblob(16))), 'waiting'
    FROM campaigns JOIN contacts ON contacts.list_id = campaigns.list_id
    WHERE campaigns.status IN ('running', 'paused') AND campaigns.id IN (SELECT campaign_id FROM deliveries_1);
DROP TABLE deliveries_1;
CREATE INDEX deliveries_waiting ON deliveries (campaign_id, due, position) WHERE outcome = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (campaign_id) WHERE outcome = 'claimed';
CREATE INDEX deliveries_by_contact ON deliveries (list_id, email) WHERE outcome = 'waiting';

CREATE TABLE engagement (
    campaign_id TEXT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    age_s REAL NOT NULL
) WITHOUT ROWID;
"""

_TO_3: Final = "CREATE INDEX campaigns_by_list_and_status ON campaigns (list_id, status, created, id);"

MIGRATIONS: Final = {1: _TO_2, 2: _TO_3}
"""What makes a database of a version one of the next."""

VERSION: Final = 3
"""The present version, which ``schema.sql`` makes at once."""
