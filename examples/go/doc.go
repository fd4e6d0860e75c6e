// This example is a client of Drawdown in Go: it sells a pack, meters tokens, shows the
// balance and pulls the journal, by code that genqlient makes of operations and schema. It is
// a module of its own, so that nothing of it is a dependency of the product.
package main

//go:generate go tool genqlient
