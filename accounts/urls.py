"""The door of a vendor's hub. "/" shows it too, to whoever is not signed in."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("updateinfo/", views.door, name="updateinfo"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/sent/", views.sent, name="sent"),
    path("sign-in/again/", views.again, name="again"),
    path("sign-in/code/", views.code, name="code"),
    path("sign-in/<str:token>/", views.confirm, name="confirm"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("support-view/", views.begin_support_view, name="begin_support_view"),
    path("support-view/end/", views.end_support_view, name="end_support_view"),
    path("language/", views.language, name="language"),
]
