from django.http import JsonResponse

from .models import Carrier


def carriers(request):
    """List the carriers of the tenant whose domain was asked."""
    rows = Carrier.objects.filter(active=True).values("code", "name", "max_weight_kg")
    return JsonResponse({"tenant": request.tenant.name, "carriers": list(rows)})
