"""The signal of django_tenants about a new tenant."""


def tell_created(project, schema):
    """As TenantMixin.save() does once it has migrated the schema of a new row: in the public schema, unless the model leaves its schema to others."""
    from django_tenants.models import TenantMixin
    from django_tenants.signals import post_schema_sync
    from django_tenants.utils import get_tenant_model

    if not post_schema_sync.has_listeners(TenantMixin):
        return
    project.connection.set_schema_to_public()
    tenant = get_tenant_model()._base_manager.filter(schema_name=schema).first()
    if tenant is not None and tenant.auto_create_schema:
        post_schema_sync.send(sender=TenantMixin, tenant=tenant.serializable_fields())
