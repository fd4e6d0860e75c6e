# The image of drawdown: one program without a system around it, run by a number that is
# no user of any machine.
#
#   docker build -t drawdown:v1.2.3 \
#     --build-arg VERSION=v1.2.3 \
#     --build-arg COMMIT="$(git rev-parse HEAD)" \
#     --build-arg DATE="$(git show -s --format=%cI HEAD)" .
#
# What is built is what `make build` builds, for TARGETARCH. The build context holds no
# repository (see .dockerignore), so the three arguments say what `drawdown version` shows.
# For a release that can be made again to the byte, pin the base by digest too:
#   --build-arg GO_IMAGE=golang:1.26.8-trixie@sha256:…
ARG GO_IMAGE=golang:1.26.8-trixie

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG VERSION=""
ARG COMMIT=""
ARG DATE=""
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.linkedVersion=$VERSION -X main.linkedCommit=$COMMIT -X main.linkedDate=$DATE" \
      -o /out/drawdown ./cmd/drawdown && \
    mkdir -p /root-of-image/data /root-of-image/tmp && \
    chmod 1777 /root-of-image/tmp

FROM scratch
# Roots of trust, for databases and issuers of tokens that are reached by TLS. Time zones
# are in the program.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /root-of-image/ /
COPY --from=build /out/drawdown /drawdown
USER 65532:65532
# Where --db is not given, the book is /data/drawdown.db.
WORKDIR /data
VOLUME /data
# A port of a container can only be reached from outside it on all its addresses. serve asks
# for --allow-remote there, which is for whoever runs the image to say.
ENV DRAWDOWN_ADDR=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/drawdown", "healthcheck"]
ENTRYPOINT ["/drawdown"]
CMD ["serve"]
