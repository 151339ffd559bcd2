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
CREATE INDEX campaigns_in_motion ON campaigns (status, start_time) WHERE status IN ('scheduled', 'running');

CREATE TABLE extra_fields (
    resource TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (resource, name)
) WITHOUT ROWID;

CREATE TABLE contacts (
    list_id TEXT NOT NULL,
    email TEXT NOT NULL,
    PRIMARY KEY (list_id, email)
) WITHOUT ROWID;

-- At most one message per campaign and contact: claimed before it leaves, settled after.
CREATE TABLE deliveries (
    campaign_id TEXT NOT NULL,
    email TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('claimed', 'sent', 'refused', 'unknown')),
    claimed INTEGER NOT NULL,
    settled INTEGER,
    PRIMARY KEY (campaign_id, email)
) WITHOUT ROWID;
CREATE INDEX deliveries_unsettled ON deliveries (campaign_id) WHERE outcome = 'claimed';
