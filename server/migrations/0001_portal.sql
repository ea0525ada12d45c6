-- One set of SQL for SQLite and PostgreSQL. Types: uuid, text, bytea, bigint, boolean, timestamptz only.
-- Times are UTC. Codes are those of app::domain; a test holds the check lists and the enums together.
-- "sealed": only the owner's data key opens it (server/src/vault). "index": a keyed hash to find it by.

-- Of a person, a member of staff, or the submission of somebody without an account.
create table data_keys (
    owner_id uuid primary key,
    wrapped text not null,              -- by a master key that is not in the database
    made_at timestamptz not null
);

create table people (
    person_id uuid primary key,
    source text not null,               -- who told us of this person: 'hub', 'demo', 'records'
    source_index text not null,         -- index of the key that the source knows them by
    name text not null,                 -- sealed
    pin_hash text,                      -- argon2id with a pepper; null until the person has joined
    pin_failures bigint not null default 0, -- wrong PINs beside a right code, since the last sign-in
    pin_failed_at timestamptz,
    preferred_channel text check (preferred_channel in ('email', 'text', 'phone', 'letter')),
    language text,                      -- sealed
    communication text,                 -- sealed; codes of CommunicationNeed, comma between
    preferences_at timestamptz,
    held_at timestamptz,                -- since when a legal hold keeps them
    paused_at timestamptz,              -- since when nothing is sent to this person; a code that they ask for is
    created_at timestamptz not null,
    unique (source, source_index)
);

-- Where a person can be reached. The newest that counts already is the one in use; a revoked one is never
-- a target again. One that a person gave counts a day later: see server/src/contact/points.rs.
create table contact_points (
    contact_point_id uuid primary key,
    person_id uuid not null references people (person_id),
    kind text not null check (kind in ('email', 'mobile', 'address')),
    value text not null,                -- sealed
    value_index text,                   -- index; none for a postal address, which families share
    added_at timestamptz not null,
    counts_from timestamptz not null,
    revoked_at timestamptz
);
create unique index contact_points_value on contact_points (value_index) where revoked_at is null;
create index contact_points_person on contact_points (person_id);

-- What a person said about a channel. The newest unrevoked row counts; history is kept.
create table contact_grants (
    grant_id uuid primary key,
    person_id uuid not null references people (person_id),
    channel text not null check (channel in ('email', 'text', 'phone', 'letter')),
    safety text not null check (safety in ('safe', 'not_safe', 'unknown')),
    days bigint not null,
    from_hour bigint not null,
    to_hour bigint not null,
    voicemail boolean not null,
    say_who boolean not null,
    until text,
    granted_at timestamptz not null,
    revoked_at timestamptz
);
create unique index contact_grants_current on contact_grants (person_id, channel) where revoked_at is null;

create table sign_in_challenges (
    challenge_id uuid primary key,
    token_hash text not null unique,    -- of the browser's challenge cookie
    person_id uuid references people (person_id),   -- null: nobody we know; answered alike
    code_hash text not null,
    tries bigint not null default 0,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index sign_in_challenges_person on sign_in_challenges (person_id, made_at);

create table person_sessions (
    token_hash text primary key,
    person_id uuid not null references people (person_id),
    started_at timestamptz not null,
    last_seen_at timestamptz not null,
    stepped_up_at timestamptz,          -- when the PIN, or a passkey, was last given in this session
    ended_at timestamptz
);
create index person_sessions_person on person_sessions (person_id);

-- What opens the portal for a person without a code and a PIN.
create table passkeys (
    passkey_id uuid primary key,
    person_id uuid not null references people (person_id),
    user_handle uuid not null,          -- what the phone knows the person by: random, and nothing else of ours
    credential_index text not null unique,  -- index of the id that the phone gave it
    credential text not null,           -- sealed; its public key and how often it was used
    added_at timestamptz not null,
    last_used_at timestamptz
);
create index passkeys_person on passkeys (person_id);

-- What a browser was asked to sign with a passkey: answered once, within five minutes.
create table passkey_challenges (
    token_hash text primary key,        -- of the session that adds one, or of the cookie of a browser that signs in
    person_id uuid references people (person_id),   -- null: signing in, and nobody is named
    question text not null,             -- random bytes and fixed words
    expires_at timestamptz not null,
    used_at timestamptz
);
create index passkey_challenges_person on passkey_challenges (person_id);

-- Tries at the doors, by a keyed hash of the block of addresses they come from, and over all: see
-- server/src/limits.rs. In microseconds since 1970, since both databases must reckon with it.
create table tries (
    subject text not null,
    door text not null,
    full_until bigint not null,
    primary key (subject, door)
);
create index tries_full_until on tries (full_until);

create table staff (
    staff_id uuid primary key,
    email text not null unique,
    name text not null,
    role text not null check (role in ('coordinator', 'witness_care_officer', 'supervisor', 'lead', 'auditor', 'admin')),
    team text not null,
    password_hash text not null,
    totp_secret text not null,          -- sealed; base32
    totp_last_step bigint not null default 0,
    failures bigint not null default 0,
    failed_at timestamptz,
    sign_on_index text unique,          -- index of the provider and the subject by which it knows them
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table staff_challenges (
    token_hash text primary key,
    staff_id uuid not null references staff (staff_id),
    tries bigint not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- Somebody who has gone to the organisation's own sign-in. What it is recognised by is derived from the cookie.
create table staff_sign_ons (
    token_hash text primary key,        -- of the browser's cookie
    replaces text,                      -- hash of the session's token that was open on this browser
    expires_at timestamptz not null,
    used_at timestamptz
);

create table staff_sessions (
    token_hash text primary key,
    staff_id uuid not null references staff (staff_id),
    started_at timestamptz not null,
    last_seen_at timestamptz not null,
    ended_at timestamptz
);

create table machine_keys (
    key_id text primary key,
    name text not null,
    key_hash text not null,
    scopes text not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- How somebody gets in: a link and a word told by voice, both derived from the id (server/src/keys.rs).
create table invitations (
    invitation_id uuid primary key,
    person_id uuid not null references people (person_id),
    token_hash text not null unique,    -- of the link
    word_hash text not null,            -- of the word told by voice; useless without the key
    checked text not null check (checked in ('in_person', 'called_back', 'officer')),
    delivery text not null check (delivery in ('letter', 'email')),
    mail_to text,                       -- sealed; where the link is to be mailed: gone once it is, or the invitation ends
    mailed_at timestamptz,
    made_by uuid references staff (staff_id),
    made_by_key text references machine_keys (key_id),
    made_at timestamptz not null,
    expires_at timestamptz not null,
    tries bigint not null default 0,    -- wrong words
    pass_hash text unique,              -- of the cookie that the right word gave
    pass_until timestamptz,
    device text check (device in ('just_mine', 'shared', 'not_sure')),
    inbox text check (inbox in ('just_mine', 'shared', 'not_sure')),
    chosen_at timestamptz,              -- when an address and a PIN were chosen
    used_at timestamptz,                -- when they signed in for the first time since
    replaced_at timestamptz,            -- a newer one ends it
    check ((made_by is null) <> (made_by_key is null))
);
create unique index invitations_open on invitations (person_id) where used_at is null and replaced_at is null;
create index invitations_person on invitations (person_id, made_at);

create table imports (
    import_id uuid primary key,
    source text not null,
    label text not null,                -- the file's name or the machine key's
    received_at timestamptz not null
);

create table cases (
    case_id uuid primary key,
    source text not null,
    source_key text not null,
    month text not null,                -- YYYY-MM; never a day
    crime_type text not null,
    location text,
    lsoa_code text,
    district text,
    stage text not null,
    stage_import_id uuid not null references imports (import_id),
    facts text not null,                -- fingerprint of the facts above: same means unchanged
    first_import_id uuid not null references imports (import_id),
    received_at timestamptz not null,   -- when we last heard anything about it
    unique (source, source_key)
);

create table case_events (
    case_id uuid not null references cases (case_id),
    wording text not null,
    stage text not null,
    happened text not null,             -- YYYY-MM-DD, YYYY-MM, or '' when not given
    source text not null,
    received_at timestamptz not null,
    primary key (case_id, wording, happened)
);

create table participations (
    person_id uuid not null references people (person_id),
    case_id uuid not null references cases (case_id),
    role text not null check (role in ('victim', 'co_victim', 'parent', 'witness', 'representative', 'bereaved', 'spokesperson')),
    conflict boolean not null default false, -- perhaps on the other side: opens nothing
    ends_at timestamptz,                -- when it stops opening anything
    scope text not null default '',     -- of a representative: codes of Grants, comma between
    since timestamptz not null,
    seen_at timestamptz,                -- when this person last opened the case
    primary key (person_id, case_id)
);
create index participations_case on participations (case_id);

-- Who acts for whom, as the person asked for it. What it opens is in participations.
create table representations (
    representation_id uuid primary key,
    person_id uuid not null references people (person_id),
    representative_id uuid not null references people (person_id),
    purpose text not null check (purpose in ('advocate', 'family', 'solicitor', 'other')),
    scope text not null,
    checked text not null check (checked in ('in_person', 'called_back', 'officer')),
    made_by uuid not null references staff (staff_id),
    made_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz                -- sooner, by the person
);
create index representations_person on representations (person_id, made_at);

-- A half-finished request for support. Belongs to a browser (hashed cookie) and, if signed in, a person.
create table drafts (
    token_hash text primary key,
    person_id uuid references people (person_id),
    submission_id uuid not null,
    answers text not null,              -- sealed
    updated_at timestamptz not null
);
create index drafts_person on drafts (person_id);

create table support_requests (
    request_id uuid primary key,
    reference text not null unique,
    submission_id uuid not null unique, -- a double tap makes one request
    kind text not null check (kind in ('support', 'question')),
    person_id uuid references people (person_id),
    case_id uuid references cases (case_id),
    answers text not null,              -- sealed
    tier bigint not null check (tier between 0 and 4),
    reasons text not null,              -- sealed; codes of Reason, comma between, most urgent first
    due_at timestamptz not null,
    asked_at timestamptz not null,
    waiting_since timestamptz,
    state text not null check (state in ('waiting', 'claimed', 'replied', 'closed')),
    staff_id uuid references staff (staff_id),
    state_at timestamptz not null,
    closing text,
    answered_at timestamptz,            -- when the promise of the first answer was kept
    version bigint not null default 1
);
create index support_requests_queue on support_requests (tier, due_at) where state in ('waiting', 'claimed');
create index support_requests_person on support_requests (person_id);
create index support_requests_holder on support_requests (staff_id) where state in ('claimed', 'replied');

-- What the person can read.
create table messages (
    message_id uuid primary key,
    request_id uuid not null references support_requests (request_id),
    submission_id uuid not null unique,
    author text not null check (author in ('person', 'hub')),
    staff_id uuid references staff (staff_id),
    body text not null,                 -- sealed
    sent_at timestamptz not null,
    read_at timestamptz
);
create index messages_request on messages (request_id, sent_at);
create index messages_unread on messages (request_id) where author = 'hub' and read_at is null;  -- asked on every page

-- A photo or a PDF that came with a message.
create table files (
    file_id uuid primary key,
    message_id uuid not null unique references messages (message_id),
    kind text not null check (kind in ('jpeg', 'png', 'pdf')),
    size bigint not null,               -- bytes, before sealing
    content bytea not null,             -- sealed
    sent_at timestamptz not null
);

-- What the person never reads.
create table notes (
    note_id uuid primary key,
    request_id uuid not null references support_requests (request_id),
    submission_id uuid not null unique,
    staff_id uuid not null references staff (staff_id),
    body text not null,                 -- sealed
    written_at timestamptz not null
);
create index notes_request on notes (request_id, written_at);

-- Ids and codes only: no address and no text. The sender reads both again when it sends.
create table outbox (
    outbox_id uuid primary key,
    notice text not null check (notice in ('request_received', 'reply_waiting', 'sign_in_code', 'point_changed', 'invitation_link')),
    person_id uuid references people (person_id),   -- null: a decoy, so that strangers cost the same
    subject_id uuid not null,
    state text not null check (state in ('due', 'sent', 'task', 'not_sent', 'gave_up')),
    reason text,
    attempts bigint not null default 0,
    due_at timestamptz not null,
    queued_at timestamptz not null,
    -- When mail first failed for a notice: it is given up 72 hours after that, not after it was queued.
    -- Waiting for the hours a person chose is not failing.
    failing_since timestamptz,
    leased_until timestamptz,
    lease uuid,
    settled_at timestamptz
);
create index outbox_due on outbox (due_at) where state = 'due';
create index outbox_person on outbox (person_id, notice) where state = 'due';

-- Records that were opened outside somebody's work, with their reason.
create table openings (
    opening_id uuid primary key,
    owner_id uuid not null references data_keys (owner_id), -- the person, or the submission of somebody without an account
    staff_id uuid not null references staff (staff_id),
    why text not null check (why in ('safety_now', 'cover', 'they_asked', 'check')),
    reason text not null,               -- sealed
    opened_at timestamptz not null,
    until_at timestamptz not null,
    judged_by uuid references staff (staff_id),
    judged_at timestamptz,
    verdict text check (verdict in ('right', 'talk'))
);
create index openings_owner on openings (owner_id, staff_id, until_at);
create index openings_open on openings (opened_at) where judged_at is null;

-- What staff must do by hand: the person chose the telephone, a text or a letter.
create table tasks (
    task_id uuid primary key,
    outbox_id uuid not null unique references outbox (outbox_id),
    person_id uuid not null references people (person_id),
    notice text not null,
    channel text check (channel in ('email', 'text', 'phone', 'letter')),  -- null: no safe way is known
    made_at timestamptz not null,
    done_at timestamptz,
    done_by uuid references staff (staff_id)
);
create index tasks_open on tasks (made_at) where done_at is null;

create table idempotency (
    key_id text not null references machine_keys (key_id),
    idempotency_key text not null,
    fingerprint text not null,
    status bigint not null,
    answer text not null,               -- without its secrets: those are derived again
    made_at timestamptz not null,
    primary key (key_id, idempotency_key)
);

-- Append-only and hash-chained: see server/src/audit.
create table audit (
    seq bigint primary key,
    at timestamptz not null,
    actor text not null,                -- 'person', 'staff', 'machine', 'system', 'anyone'
    actor_id text not null,
    act text not null,
    person_id uuid,
    subject text not null,
    prev_hash text not null,
    hash text not null
);
create index audit_person on audit (person_id);

create table audit_head (
    chain bigint primary key,
    seq bigint not null,
    hash text not null
);
insert into audit_head (chain, seq, hash) values (1, 0, '');
