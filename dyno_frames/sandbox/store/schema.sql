-- One table per resource: the contract's fields as columns. Fields outside the contract are added as
-- columns x1, x2, …, and extra_fields says what each is called, so that no name from outside is ever SQL.
-- Numbers have INTEGER affinity, which keeps a float that is no integer; a field that a loaded table
-- does not have is NULL.

CREATE TABLE templates (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    subject TEXT,
    html TEXT,
    text TEXT,
    created INTEGER,
    updated INTEGER,
    user_id TEXT
);
CREATE INDEX templates_by_created ON templates (created, id);

CREATE TABLE lists (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    description TEXT,
    from_name TEXT,
    from_email TEXT,
    contacts INTEGER,
    created INTEGER,
    updated INTEGER,
    user_id TEXT
);
CREATE INDEX lists_by_created ON lists (created, id);

CREATE TABLE campaigns (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    subject TEXT,
    from_name TEXT,
    from_email TEXT,
    preview_message TEXT,
    list_id TEXT,
    template_id TEXT,
    status TEXT,
    start_time INTEGER,
    time_zone TEXT,
    recipients INTEGER,
    sent INTEGER,
    delivered INTEGER,
    opens INTEGER,
    clicks INTEGER,
    bounces INTEGER,
    complaints INTEGER,
    unsubscribes INTEGER,
    created INTEGER,
    updated INTEGER,
    user_id TEXT
);
CREATE INDEX campaigns_by_created ON campaigns (created, id);
CREATE INDEX campaigns_by_updated ON campaigns (updated, id);
CREATE INDEX campaigns_by_status ON campaigns (status, created, id);
CREATE INDEX campaigns_by_list ON campaigns (list_id, created, id);
CREATE INDEX campaigns_by_list_and_status ON campaigns (list_id, status, created, id);
CREATE INDEX campaigns_in_motion ON campaigns (status, start_time) WHERE status IN ('scheduled', 'running');

CREATE TABLE extra_fields (
    resource TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (resource, name)
) WITHOUT ROWID;

CREATE TABLE contacts (
    list_id TEXT NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
    email TEXT NOT NULL COLLATE NOCASE,
    fields TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (list_id, email)
) WITHOUT ROWID;

-- One row for each recipient of a campaign, written when it begins: a message is claimed before it leaves
-- and settled after, so that at most one does. A token names the message, in its Message-ID and where its
-- recipient unsubscribes.
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
CREATE INDEX deliveries_waiting ON deliveries (campaign_id, due, position) WHERE outcome = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (campaign_id) WHERE outcome = 'claimed';
CREATE INDEX deliveries_by_contact ON deliveries (list_id, email) WHERE outcome = 'waiting';

-- How old, in simulated seconds, the sending of a simulated campaign is; it opens and clicks accordingly.
CREATE TABLE engagement (
    campaign_id TEXT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    age_s REAL NOT NULL
) WITHOUT ROWID;
