package main

import (
	"fmt"
	"net"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

const (
	namespace = "race"
	local     = "127.0.0.1"
	cell      = "active" // the name of the cluster, of which there is no other
)

// unlimited lifts the limits on requests and queries a second, which are there for servers that many share. Those on polls
// are per shard and queue, 20 a second: with few shards each step would wait 50 ms for the next look at its queue.
var unlimited = dynamicconfig.StaticClient{
	dynamicconfig.FrontendRPS.Key():                        1_000_000,
	dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(): 1_000_000,
	dynamicconfig.FrontendPersistenceMaxQPS.Key():          1_000_000,
	dynamicconfig.MatchingRPS.Key():                        1_000_000,
	dynamicconfig.MatchingPersistenceMaxQPS.Key():          1_000_000,
	dynamicconfig.HistoryRPS.Key():                         1_000_000,
	dynamicconfig.HistoryPersistenceMaxQPS.Key():           1_000_000,
	dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():   1_000_000,
	dynamicconfig.TransferProcessorMaxPollRPS.Key():        1_000_000,
	dynamicconfig.TimerProcessorMaxPollRPS.Key():           1_000_000,
	dynamicconfig.VisibilityProcessorMaxPollRPS.Key():      1_000_000,
}

// serve starts the server on the store and gives its address.
func (p *peer) serve() (address string, err error) {
	c, hosts, err := p.config()
	if err != nil {
		return "", err
	}
	of, err := sqlite.NewNamespaceConfig(cell, namespace, false, nil)
	if err != nil {
		return "", err
	}
	if err := sqlite.CreateNamespaces(p.data.executions, of); err != nil { // on any SQL store, whatever its package is called
		return "", err
	}
	p.server, err = temporal.NewServer(
		temporal.WithConfig(c),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(unlimited),
		temporal.WithLogger(log.NewNoopLogger()),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return "", err
	}
	return c.PublicClient.HostPort, p.server.Start()
}

// config is that of the development server, without its metrics and its pages for people.
func (p *peer) config() (*config.Config, map[primitives.ServiceName]static.Hosts, error) {
	c := &config.Config{Services: map[string]config.Service{}}
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = local
	c.Persistence = config.Persistence{
		DefaultStore: "executions", VisibilityStore: "visibility", NumHistoryShards: p.data.shards,
		DataStores: map[string]config.DataStore{"executions": {SQL: p.data.executions}, "visibility": {SQL: p.data.visibility}},
	}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Archival.History.State, c.Archival.Visibility.State = config.ArchivalDisabled, config.ArchivalDisabled
	c.NamespaceDefaults.Archival.History.State, c.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled, config.ArchivalDisabled
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, service := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		port, err := freePort()
		if err != nil {
			return nil, nil, err
		}
		c.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: local}}
		hosts[service] = static.SingleLocalHost(fmt.Sprintf("%s:%d", local, port))
	}
	c.PublicClient.HostPort = fmt.Sprintf("%s:%d", local, c.Services[string(primitives.FrontendService)].RPC.GRPCPort)
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: cell, CurrentClusterName: cell,
		ClusterInformation: map[string]cluster.ClusterInformation{
			cell: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: c.PublicClient.HostPort},
		},
	}
	return c, hosts, nil
}

// freePort is one that nobody listened on a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", local+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
