# syntax=docker/dockerfile:1
# The whole product as one static binary on nothing else:
#
#   docker build -t payload-tracker --build-arg VERSION="$(git describe --tags --always)" .
#
# `make test-image` takes these very steps without an engine and tries what comes out. A path in a RUN is relative for that reason.
ARG GO_VERSION=1.26.8
ARG NODE_VERSION=24

FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}-slim AS web
WORKDIR /src
COPY web/package.json web/package-lock.json web/
RUN npm --prefix web ci --no-fund --no-audit --loglevel=error
COPY web web
RUN npm --prefix web run build

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
ARG VERSION=development
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o bin/payload-tracker ./cmd/payload-tracker

FROM scratch
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Payload Tracker" \
      org.opencontainers.image.description="Where is an upload, what happened to it, and why did it fail?" \
      org.opencontainers.image.source="https://github.com/payload-tracker/payload-tracker" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY LICENSE /licenses/LICENSE
# Who may vouch for a database, a broker, a collector. Time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/bin/payload-tracker /payload-tracker
# Nothing is written, so the root may be mounted read-only. Any other user will do as well.
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/payload-tracker"]
CMD ["run"]
