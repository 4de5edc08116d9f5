-- Accounts. The service normalises email; the constraint guarantees that it is unique.
CREATE TABLE users (
    id         uuid PRIMARY KEY,
    email      text NOT NULL CONSTRAINT users_email UNIQUE,
    name       text NOT NULL,
    locale     text NOT NULL CHECK (locale IN ('ko', 'en')),
    role       text NOT NULL CHECK (role IN ('diner', 'owner', 'operator')),
    own        text[] NOT NULL DEFAULT '{}',
    password   text NOT NULL,
    created_at timestamptz NOT NULL
);

---- create above / drop below ----

DROP TABLE users;
