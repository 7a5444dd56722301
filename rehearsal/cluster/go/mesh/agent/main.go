// Command agent keeps one proxy's certificate and Envoy, as pilot-agent does.
//
// It is Istio's own agent without the server that pilot-agent has beside it, which listens on all
// of a machine's addresses. What that one tells a scrape, this one does at METRICS_ADDRESS: what
// Envoy counts, which it asks for at ENVOY_METRICS, and what the agent does.
package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"istio.io/istio/pilot/cmd/pilot-agent/config"
	"istio.io/istio/pilot/cmd/pilot-agent/options"
	"istio.io/istio/pkg/cmd"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/envoy"
	istioagent "istio.io/istio/pkg/istio-agent"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/model"
	"istio.io/istio/pkg/monitoring"
	"istio.io/istio/pkg/security"
	"istio.io/istio/security/pkg/nodeagent/sds"
)

func main() {
	if err := run(); err != nil {
		log.Error(err)
		os.Exit(1)
	}
}

func run() error {
	if err := log.Configure(log.DefaultOptions()); err != nil {
		return err
	}
	proxyConfig, err := config.ConstructProxyConfig("", constants.ServiceClusterName, options.ProxyConfigEnv, 1)
	if err != nil {
		return err
	}
	trust, err := options.NewSecurityOptions(proxyConfig, 0, "")
	if err != nil {
		return err
	}
	identity := role()
	agent := istioagent.NewAgent(
		proxyConfig,
		options.NewAgentOptions(identity, proxyConfig, newCertificates),
		trust,
		envoy.ProxyConfig{LogLevel: "warning", NodeIPs: identity.IPAddresses, Sidecar: true},
	)
	defer agent.Close()
	if err := serveMetrics(os.Getenv("METRICS_ADDRESS"), os.Getenv("ENVOY_METRICS")); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(errors.New("the agent ends"))
	go cmd.WaitSignalFunc(cancel)
	wait, err := agent.Run(ctx)
	if err != nil {
		return err
	}
	wait()
	return nil
}

// role says which workload the proxy is of, from the environment. Its one address is INSTANCE_IP.
func role() *options.ProxyArgs {
	args := options.NewProxyArgs()
	args.Type = model.SidecarProxy
	args.IPAddresses = []string{options.InstanceIPVar.Get()}
	args.DiscoverIPMode()
	args.ID = args.PodName + "." + args.PodNamespace
	args.DNSDomain = args.PodNamespace + ".svc." + constants.DefaultClusterLocalDomain
	return &args
}

func newCertificates(o *security.Options, secrets security.SecretManager, provider *meshconfig.PrivateKeyProvider) istioagent.SDSService {
	return sds.NewServer(o, secrets, provider)
}

// serveMetrics answers every request with both halves, one after the other.
func serveMetrics(address string, proxy string) error {
	registry := prometheus.NewRegistry()
	// As pilot-agent calls them.
	named := prometheus.WrapRegistererWithPrefix("istio_agent_", registry)
	own, err := monitoring.RegisterPrometheusExporter(named, registry)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 5 * time.Second}
	server := &http.Server{
		Addr:              address,
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Otherwise the second half could be compressed, and the first is not.
			r.Header.Del("Accept-Encoding")
			r.Header.Set("Accept", "text/plain")
			answer, err := client.Get(proxy)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			defer answer.Body.Close()
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			if _, err := io.Copy(w, answer.Body); err != nil {
				return
			}
			own.ServeHTTP(w, r)
		}),
	}
	go func() { log.Error(server.ListenAndServe()) }()
	return nil
}
