-- Who brings the goods. Every database has one carrier from the start: customers may fetch their goods themselves.
CREATE TABLE IF NOT EXISTS carriers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL
);

ALTER TABLE carriers ADD COLUMN IF NOT EXISTS max_weight_kg integer CHECK (max_weight_kg > 0);

INSERT INTO carriers (code, name) VALUES ('OWN', 'Collected by the customer') ON CONFLICT (code) DO NOTHING;

GRANT SELECT ON suppliers, customers, preferred_suppliers, carriers TO wholesale_readonly;
GRANT SELECT, INSERT, UPDATE, DELETE ON suppliers, customers, preferred_suppliers, carriers TO wholesale_app;
