package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/telemetry"
	"drawdown/internal/webhook"
)

var _ webhook.Watch = (*telemetry.Telemetry)(nil)

// webhookFlags say how endpoints are told: docs/webhooks.md.
type webhookFlags struct {
	off, insecure, private bool
}

func (o *webhookFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&o.off, "no-webhooks", false, "leave it to another process to send endpoints what they are to be told")
	flags.BoolVar(&o.insecure, "webhook-insecure", false, "take endpoints without TLS, by http://, too: for trials")
	flags.BoolVar(&o.private, "webhook-private", false, "send to endpoints at private addresses and on this machine too, which whoever makes one can then have the server ask")
}

func (o *webhookFlags) options() books.WebhookOptions {
	return books.WebhookOptions{Insecure: o.insecure}
}

func (o *webhookFlags) dispatcher(book *books.Books, log *slog.Logger, watch webhook.Watch) *webhook.Dispatcher {
	return webhook.New(book, log, webhook.Options{Private: o.private, Insecure: o.insecure, Agent: "Drawdown/" + version(), Watch: watch})
}
