-- Who buys from us, and from whom they like to be served.
CREATE TABLE IF NOT EXISTS customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    name text NOT NULL,
    reference uuid NOT NULL DEFAULT public.uuid_generate_v4()
);

CREATE TABLE IF NOT EXISTS preferred_suppliers (
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    supplier_id bigint NOT NULL REFERENCES suppliers ON DELETE CASCADE,
    PRIMARY KEY (customer_id, supplier_id)
);

-- Names are searched by any part of them.
CREATE INDEX IF NOT EXISTS customers_name ON customers USING gin (name public.gin_trgm_ops);
