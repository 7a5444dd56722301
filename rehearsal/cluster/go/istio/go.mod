module gallery/rehearsal/cluster/istio

go 1.21

require istio.io/api v1.31.4
