package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"drawdown/internal/books"
)

// The variables by which OpenTelemetry is told where traces go. The SDK reads the others
// itself: samplers, batches, headers, certificates, names of the service.
const (
	envDisabled       = "OTEL_SDK_DISABLED"
	envExporter       = "OTEL_TRACES_EXPORTER"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	envService        = "OTEL_SERVICE_NAME"
	envResource       = "OTEL_RESOURCE_ATTRIBUTES"
)

// The protocols of OTLP.
const (
	overHTTP = "http/protobuf"
	overGRPC = "grpc"
)

// Tracing exports spans.
type Tracing struct {
	Tracer trace.Tracer // nil where nobody traces
	// Flush exports what is left, and ends.
	Flush func(context.Context) error
}

// NewTracing exports traces as the variables of OpenTelemetry say, and does nothing where
// they name no collector: there is no default one. Problems on the way to the collector are
// logged, and harm nothing else.
// Errors: INVALID.
func NewTracing(ctx context.Context, env func(string) string, build Build, log *slog.Logger) (Tracing, error) {
	off := Tracing{Flush: func(context.Context) error { return nil }}
	protocol, err := protocolOf(env)
	if err != nil || protocol == "" {
		return off, err
	}
	var client otlptrace.Client
	if protocol == overGRPC {
		client = otlptracegrpc.NewClient()
	} else {
		client = otlptracehttp.NewClient()
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return off, &books.Error{Code: books.Invalid, Message: "traces cannot be exported: check the variables OTEL_EXPORTER_OTLP_*", Cause: err}
	}
	of, err := resourceOf(ctx, env, build)
	if err != nil {
		return off, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	return Tracing{Tracer: provider.Tracer("drawdown"), Flush: provider.Shutdown}, nil
}

// protocolOf returns how spans are exported, "" where they are not. Errors: INVALID.
func protocolOf(env func(string) string) (string, error) {
	if strings.EqualFold(env(envDisabled), "true") {
		return "", nil
	}
	switch exporter := env(envExporter); exporter {
	case "none":
		return "", nil
	case "":
		if env(envEndpoint) == "" && env(envTracesEndpoint) == "" {
			return "", nil
		}
	case "otlp":
	default:
		return "", &books.Error{Code: books.Invalid, Message: fmt.Sprintf("%s: must be otlp or none, not %q", envExporter, exporter)}
	}
	for _, name := range []string{envTracesProtocol, envProtocol} {
		protocol := env(name)
		if protocol == "" {
			continue
		}
		if !slices.Contains([]string{overHTTP, overGRPC}, protocol) {
			return "", &books.Error{Code: books.Invalid, Message: fmt.Sprintf("%s: must be %s or %s, not %q", name, overHTTP, overGRPC, protocol)}
		}
		return protocol, nil
	}
	return overHTTP, nil
}

// resourceOf says which program the spans are of.
func resourceOf(ctx context.Context, env func(string) string, build Build) (*resource.Resource, error) {
	attributes := []attribute.KeyValue{attribute.String("service.version", build.Version)}
	if env(envService) == "" && !strings.Contains(env(envResource), "service.name=") {
		attributes = append(attributes, attribute.String("service.name", "drawdown"))
	}
	of, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attributes...), resource.WithFromEnv())
	if err != nil {
		return nil, &books.Error{Code: books.Invalid, Message: "OTEL_RESOURCE_ATTRIBUTES must be NAME=VALUE, separated by commas", Cause: err}
	}
	return of, nil
}
