"""What the config wants of each tenant, checked against the models before anything changes."""

from django_tenants.utils import get_public_schema_name, get_tenant_domain_model, get_tenant_model

from .tenant_fields import clean_fields, describe_fields, missing_fields, settable_fields, shown
from .tenant_names import fault_of_schema_name

# These are set from the tenant's own keys, `schema`, `domain` and `domains`.
TENANT_RESERVED = ("schema_name",)
DOMAIN_RESERVED = ("domain", "tenant", "is_primary")


class Spec:
    """One tenant as the config wants it. `fields` and `domain_fields` are cleaned values by attribute name."""

    def __init__(self, schema, primary, domains, given, domain_given):
        self.schema = schema
        self.primary = primary
        #: All wanted domains, the primary one first.
        self.domains = domains
        self.given = given
        self.domain_given = domain_given
        self.fields = {}
        self.domain_fields = {}
        self.public = schema == get_public_schema_name()
        #: False where the schema's or a domain's name is such a fault that PostgreSQL need not be asked about it.
        self.askable = True


def read_specs(params):
    """The specs of a request: the public tenant first, where it is wanted."""
    wanted = list(params.get("tenants") or [])
    public = params.get("public")
    if public:
        wanted.insert(0, dict(public, schema=get_public_schema_name()))
    specs = []
    for one in wanted:
        primary = one.get("domain")
        domains = [primary] if primary is not None else []
        for domain in one.get("domains") or []:
            if domain not in domains:
                domains.append(domain)
        specs.append(
            Spec(one.get("schema"), primary, domains, one.get("fields") or {}, one.get("domainFields") or {})
        )
    return specs


def check_specs(specs, database_ready):
    """Cleans the values of all specs and returns every problem that the models alone can tell."""
    problems = []
    schemas, domains = set(), {}
    for spec in specs:
        fault = fault_of_schema_name(spec.schema) if not spec.public else None
        if fault is None and spec.schema in schemas:
            fault = "it is configured twice"
        if fault is not None:
            spec.askable = False
            problems.append({"kind": "schema-name", "schema": str(spec.schema), "message": fault})
        schemas.add(spec.schema)
        for domain in spec.domains:
            owner = domains.setdefault(domain, spec.schema)
            if owner != spec.schema:
                problems.append(
                    {"kind": "domain-taken", "schema": spec.schema, "value": domain, "owner": owner, "message": ""}
                )
        problems += _check_values(spec, database_ready)
    return problems


def _check_values(spec, database_ready):
    tenant_model, domain_model = get_tenant_model(), get_tenant_domain_model()
    spec.fields, faults = clean_fields(tenant_model, TENANT_RESERVED, spec.given, database_ready)
    problems = [_fault(spec, tenant_model, TENANT_RESERVED, spec.given, *fault) for fault in faults]
    spec.domain_fields, faults = clean_fields(domain_model, DOMAIN_RESERVED, spec.domain_given, database_ready)
    problems += [_fault(spec, domain_model, DOMAIN_RESERVED, spec.domain_given, *fault) for fault in faults]
    for domain in spec.domains:
        _, faults = clean_fields(domain_model, (), {"domain": domain}, database_ready)
        spec.askable = spec.askable and not faults
        problems += [_fault(spec, domain_model, DOMAIN_RESERVED, {"domain": domain}, *fault) for fault in faults]
    return problems


def _fault(spec, model, reserved, given, name, message):
    problem = {
        "kind": "field-value",
        "schema": spec.schema,
        "model": model._meta.label,
        "field": name,
        "value": shown(given[name]),
        "message": message,
    }
    if message is None:
        problem.update(kind="field-unknown", message="", valid=describe_fields(model, reserved))
    return problem


def check_against(specs, state):
    """Every problem that only the database can tell: missing values of new rows, domains and values that others hold."""
    problems = []
    tenant_model, domain_model = get_tenant_model(), get_tenant_domain_model()
    for spec in specs:
        if spec.schema not in state.rows:
            problems += _missing(spec, tenant_model, TENANT_RESERVED, spec.given)
            problems += _same_but_for_case(spec, specs, state, tenant_model)
        if any(domain not in state.owners for domain in spec.domains):
            problems += _missing(spec, domain_model, DOMAIN_RESERVED, spec.domain_given)
        for domain in spec.domains:
            owner = state.owners.get(domain, spec.schema)
            if owner != spec.schema:
                problems.append(
                    {"kind": "domain-taken", "schema": spec.schema, "value": domain, "owner": owner, "message": ""}
                )
        if spec.public and spec.schema not in state.schemas:
            problems.append(
                {"kind": "failed", "schema": spec.schema, "message": "the public schema does not exist"}
            )
    return problems + _values_that_others_hold(specs, tenant_model)


def _missing(spec, model, reserved, given):
    names = missing_fields(model, reserved, given)
    if not names:
        return []
    return [
        {
            "kind": "field-missing",
            "schema": spec.schema,
            "model": model._meta.label,
            "names": names,
            "message": "",
            "valid": describe_fields(model, reserved),
        }
    ]


def _same_but_for_case(spec, specs, state, model):
    # Newer versions of django_tenants refuse such a row in save(); older ones take it.
    if not hasattr(model, "_check_schema_name_is_unique"):
        return []
    others = model._base_manager.filter(schema_name__iexact=spec.schema).values_list("schema_name", flat=True)
    for other in [*others, *(other.schema for other in specs)]:
        if other != spec.schema and other.lower() == spec.schema.lower():
            message = 'django_tenants refuses names that differ from another, "%s", only in case' % other
            return [{"kind": "schema-name", "schema": spec.schema, "message": message}]
    return []


def _values_that_others_hold(specs, model):
    problems = []
    settable = settable_fields(model, TENANT_RESERVED)
    seen = {}
    for spec in specs:
        for name, value in spec.fields.items():
            field = settable[name]
            if not field.unique or value is None:
                continue
            rows = model._base_manager.filter(**{name: value}).exclude(schema_name=spec.schema)
            owner = rows.values_list("schema_name", flat=True).first() or seen.get((name, repr(value)))
            seen.setdefault((name, repr(value)), spec.schema)
            if owner is not None:
                problems.append(
                    {
                        "kind": "field-value",
                        "schema": spec.schema,
                        "model": model._meta.label,
                        "field": field.name,
                        "value": shown(value),
                        "message": 'Tenant "%s" has it already, and it must be unique.' % owner,
                    }
                )
    return problems
