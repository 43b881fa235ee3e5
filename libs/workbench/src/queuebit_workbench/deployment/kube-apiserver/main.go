// The API server of Kubernetes with its store in the same process: what it takes and refuses, a cluster would.
//
// Usage: kube-apiserver FOLDER STORE_PORT PEER_PORT [flags of kube-apiserver]. It keeps the store in the folder.
package main

import (
	"fmt"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: kube-apiserver FOLDER STORE_PORT PEER_PORT [flags]")
		os.Exit(2)
	}
	store, peers := "http://127.0.0.1:"+os.Args[2], "http://127.0.0.1:"+os.Args[3]
	kept, err := started(os.Args[1], store, peers)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	command := app.NewAPIServerCommand()
	command.SetArgs(append([]string{"--etcd-servers=" + store}, os.Args[4:]...))
	code := cli.Run(command)
	kept.Close()
	os.Exit(code)
}

func started(folder, store, peers string) (*embed.Etcd, error) {
	clients, err := url.Parse(store)
	if err != nil {
		return nil, err
	}
	others, err := url.Parse(peers)
	if err != nil {
		return nil, err
	}
	config := embed.NewConfig()
	config.Dir, config.LogLevel = folder, "error"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*clients}, []url.URL{*clients}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*others}, []url.URL{*others}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	kept, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	<-kept.Server.ReadyNotify()
	return kept, nil
}
