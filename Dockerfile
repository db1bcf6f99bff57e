# The image of the operator and, with another command, of its renderer.
# BASE is the Python to build on and to run; the last stage holds no compiler and runs as nobody. The extra [sigstore] is
# part of it, so that every way to verify a chart works.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY requirements/sigstore.txt requirements/build.txt requirements/
RUN python -m venv /opt/steersman \
 && /opt/steersman/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements/sigstore.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
COPY crds crds
RUN /opt/build/bin/python -m hatchling build -t wheel -d /src/dist \
 && /opt/steersman/bin/pip install --no-cache-dir --no-deps /src/dist/*.whl \
 && /opt/steersman/bin/python -m compileall -q /opt/steersman/lib

FROM ${BASE}
RUN mkdir -p /run/steersman /var/cache/steersman && chown -R 65532:65532 /run/steersman /var/cache/steersman
COPY --from=build /opt/steersman /opt/steersman
ENV PATH=/opt/steersman/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["steersman"]
CMD ["run"]
