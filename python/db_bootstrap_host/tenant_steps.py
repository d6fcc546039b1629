"""What has to be done so that a tenant is as the config wants it."""

from collections import namedtuple

from django_tenants.utils import get_tenant_domain_model

from .tenant_fields import differing_fields


class Step(namedtuple("Step", ["what", "name", "domain"])):
    """
    One thing to do. `what` is "schema", "row", "adopt", "field", "domain", "primary" or "domain-field"; `name` is a
    field's name, `domain` a domain's.
    """

    __slots__ = ()

    def key(self):
        """The step without its empty parts, for comparisons."""
        return tuple(part for part in self if part is not None)


def steps_of(spec, state, update):
    """What has to be done for a tenant, in order; empty where all is there."""
    steps = []
    has_schema, has_row = spec.schema in state.schemas, spec.schema in state.rows
    if not has_schema:
        steps.append(Step("schema", None, None))
    if not has_row:
        steps.append(Step("row", None, None))
        if has_schema and not spec.public:
            steps.append(Step("adopt", None, None))
    elif update and spec.fields:
        names = differing_fields(state.instances[spec.schema], spec.fields)
        steps += [Step("field", name, None) for name in names]
    owned = dict(state.domains.get(spec.schema, []))
    primaries = [domain for domain, primary in owned.items() if primary]
    for domain in spec.domains:
        if domain not in owned:
            steps.append(Step("domain", None, domain))
        elif domain == spec.primary and primaries != [domain]:
            steps.append(Step("primary", None, domain))
        if domain in owned and update and spec.domain_fields:
            row = get_tenant_domain_model()._base_manager.get(domain=domain)
            steps += [Step("domain-field", name, domain) for name in differing_fields(row, spec.domain_fields)]
    return steps


def status_of(steps):
    """`created` where the row is new, `changed` where anything else was done, else `unchanged`."""
    if any(step.what == "row" for step in steps):
        return "created"
    return "changed" if steps else "unchanged"


def phrase(step):
    """A step for people: "row", "schema", "domain test.example.com", "field name"."""
    if step.what == "adopt":
        return "adopted the schema that was there"
    if step.what == "primary":
        return "primary domain %s" % step.domain
    if step.what == "domain-field":
        return "field %s of domain %s" % (step.name, step.domain)
    return " ".join(step.key())
