"""The edge to the API server: every request to Kubernetes leaves from here.

How it is put together (the app layer does it once):

    credentials = await Credentials.from_kubeconfig(path, context)   # or Credentials.in_cluster()
    client = KubeClient.open(credentials, meter=...)                 # one pool, one process
    discovery = Discovery(client)                                    # one cache, shared
    observer = KubeObserver(client, discovery)                       # ports.Observer: live objects from watches
    cluster = KubeCluster(client, discovery=discovery, witness=observer)           # ports.Cluster
    objects = Objects(client)                                        # our own kinds, Secrets: see `resources`
    events = KubeEvents(client, instance)                            # ports.Events
    lease = Lease(client, LeaseSettings(namespace, identity))        # `async with lease.hold(on_lost=client.halt…)`

Where things are, from the wire up:

| module | what it does |
|---|---|
| `credentials` | where the server is and who we are; the only module that knows the kubernetes package |
| `answers`, `errors`, `immutable`, `classify` | refusals: records, the error tree, the table from Status to error |
| `resources`, `requests` | a kind's paths; requests built apart from being sent |
| `retry`, `client` | when a request is sent again; sending, streams, bounds |
| `intent` | what of an object an apply sends (pure) |
| `objects` | get, list, apply, create, replace, patch, delete by `Resource`; settles unknown outcomes |
| `discovery_documents`, `discovery` | kinds and API versions: parsing, and the cache |
| `cluster` | `ports.Cluster` |
| `trim`, `store`, `watch` | what is kept of an object; the newest states; one list-and-watch stream |
| `feed`, `observer` | one kind's streams, with the ways down where RBAC forbids them; `ports.Observer` |
| `configs`, `facts` | `ports.Configs`: what specs refer to; facts of the cluster that decisions need |
| `lease`, `events` | the one writer's Lease; `ports.Events` |

All errors are `ClusterError`s. Nothing here judges health, ownership or drift: that is the core's.
"""
