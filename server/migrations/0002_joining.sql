-- How somebody gets in, and how they stop everything.

create table invitations (
    invitation_id uuid primary key,
    person_id uuid not null references people (person_id),
    token_hash text not null unique,    -- of the link
    word_hash text not null,            -- of the word told by voice; useless without the key
    checked text not null check (checked in ('in_person', 'called_back', 'officer')),
    made_by uuid not null references staff (staff_id),
    made_at timestamptz not null,
    expires_at timestamptz not null,
    tries bigint not null default 0,    -- wrong words
    pass_hash text unique,              -- of the cookie that the right word gave
    pass_until timestamptz,
    device text check (device in ('just_mine', 'shared', 'not_sure')),
    inbox text check (inbox in ('just_mine', 'shared', 'not_sure')),
    chosen_at timestamptz,              -- when an address and a PIN were chosen
    used_at timestamptz,                -- when they signed in for the first time since
    replaced_at timestamptz             -- a newer one ends it
);
create unique index invitations_open on invitations (person_id) where used_at is null and replaced_at is null;
create index invitations_person on invitations (person_id, made_at);

-- When the PIN was last given in this session.
alter table person_sessions add column stepped_up_at timestamptz;

-- Since when nothing is sent to this person; a code that they ask for themselves is.
alter table people add column paused_at timestamptz;
