"""The pages of a vendor's hub."""

from django.urls import path

from hub.views import (
    activity,
    addresses,
    brand,
    card,
    documents,
    home,
    payment,
    profile,
    purchases,
    subscriptions,
)

app_name = "hub"
urlpatterns = [
    path("", home.home, name="home"),
    path("subscriptions/", subscriptions.subscriptions, name="subscriptions"),
    path("subscriptions/<uuid:subscription_id>/", subscriptions.subscription, name="subscription"),
    path("subscriptions/<uuid:subscription_id>/cancel/", subscriptions.cancel, name="cancel"),
    path(
        "subscriptions/<uuid:subscription_id>/cancelled/", subscriptions.cancelled, name="cancelled"
    ),
    path(
        "subscriptions/<uuid:subscription_id>/cancelled/record/",
        subscriptions.record,
        name="cancellation_record",
    ),
    path("subscriptions/<uuid:subscription_id>/keep/", subscriptions.keep, name="keep"),
    path(
        "subscriptions/<uuid:subscription_id>/stripe/",
        subscriptions.stripe_page,
        name="stripe_page",
    ),
    path("purchases/<uuid:purchase_id>/", purchases.purchase, name="purchase"),
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:year>.zip", documents.documents_zip, name="documents_zip"),
    path("documents/<int:year>.csv", documents.documents_csv, name="documents_csv"),
    path("documents/<uuid:document_id>/", documents.document, name="document"),
    path("documents/<uuid:document_id>/pdf/", documents.document_pdf, name="document_pdf"),
    path("card/", card.card, name="card"),
    path("card/choice/", card.choice, name="card_choice"),
    path("card/pay/", payment.pay, name="pay"),
    path("card/approve/", payment.approve, name="approve"),
    path("brand/<slug:version>.css", brand.colours, name="brand_colours"),
    path("brand/<slug:version>.png", brand.logo, name="brand_logo"),
    path("brand/<slug:version>.svg", brand.icon, name="brand_icon"),
    path("profile/", profile.profile, name="profile"),
    path("profile/activity/", activity.activity, name="activity"),
    path("profile/activity/end/", activity.end_sessions, name="end_sessions"),
    path("profile/addresses/add/", addresses.add, name="add_address"),
    path("profile/addresses/<int:address_id>/main/", addresses.make_main, name="make_main"),
    path("profile/addresses/<int:address_id>/remove/", addresses.remove, name="remove_address"),
    path("profile/confirm/<str:token>/", addresses.confirm, name="confirm_email"),
]
