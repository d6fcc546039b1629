from django.urls import path

from wholesale.carriers.views import carriers

urlpatterns = [path("carriers/", carriers)]
