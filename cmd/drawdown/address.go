package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

const defaultAddress = "127.0.0.1:8080"

// checkAddress refuses an address that other machines reach, unless that is allowed: what
// they send, tokens included, can be read on the way unless something encrypts it.
func checkAddress(address string, allowRemote bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return badUsage("--addr: must be HOST:PORT such as %s, not %q", defaultAddress, address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil {
		return badUsage("--addr: the port must be 0 to 65535, not %q", port)
	} else if number == 0 && port != "0" {
		return badUsage("--addr: the port must be written plainly, not %q", port)
	}
	if isLoopback(host) || allowRemote {
		return nil
	}
	return badUsage("--addr %s is open to other machines, and tokens would come over the network as they are: "+
		"give --tls-cert and --tls-key, or say --allow-remote where something in front of it speaks TLS, or take an address such as %s", address, defaultAddress)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// listen opens the address.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, badUsage("cannot listen on %s: %w", address, err)
	}
	return listener, nil
}

// maxPorts is how many ports after one that is taken are tried.
const maxPorts = 20

// listenNear opens the address, or the next free port where it is taken.
func listenNear(ctx context.Context, address string) (listener net.Listener, moved bool, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, false, badUsage("--addr: must be HOST:PORT such as %s, not %q", defaultAddress, address)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, false, badUsage("--addr: the port must be 0 to 65535, not %q", text)
	}
	for next := port; next <= port+maxPorts && next <= 65535; next++ {
		listener, err = listen(ctx, net.JoinHostPort(host, strconv.Itoa(next)))
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return listener, next != port, err
		}
	}
	return nil, false, err
}
