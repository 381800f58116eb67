FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG COMMIT=none
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.built=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
      -o /out/targo-hub ./cmd/targo-hub && mkdir /out/state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/targo-hub /targo-hub
COPY --from=build --chown=65532:65532 /out/state /state
USER 65532:65532
VOLUME /state
ENV TARGO_LISTEN=0.0.0.0:3300 TARGO_STATE=sqlite:/state/targo-hub.db
EXPOSE 3300
HEALTHCHECK --interval=15s --timeout=3s CMD ["/targo-hub", "check", "--ready"]
ENTRYPOINT ["/targo-hub"]
CMD ["serve"]
