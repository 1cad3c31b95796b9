# One image for the web server, the worker and every command; compose.yaml shows all three.
# The steps are those of ./hub.sh setup.

FROM python:3.13-slim-bookworm AS build
WORKDIR /app
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gettext \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/base.txt requirements/
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
ENV PATH=/app/.venv/bin:$PATH
# Neither step uses a secret, but the settings want them named.
RUN set -a && eval "$(python -m scripts.keys)" \
    && python manage.py compilemessages --ignore .venv \
    && python manage.py collectstatic --no-input

FROM python:3.13-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-noto-cjk \
        fonts-noto-core \
        libharfbuzz-subset0 \
        libpango-1.0-0 \
        libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent hub \
    && install --directory --owner hub /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    BIND=0.0.0.0 \
    MEDIA_ROOT=/data/media \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-m", "scripts.healthy"]
CMD ["gunicorn", "--config", "config/gunicorn.py"]
