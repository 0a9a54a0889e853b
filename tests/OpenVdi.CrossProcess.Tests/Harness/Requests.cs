using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>The requests that tests send most. A run has the name of its set.</summary>
internal static class Requests
{
    /// <summary>Creates the set, opens the devices in <paramref name="own"/> and stores or supplies their streams.</summary>
    public static Request Primary(string set, int devices, string own, ulong seed) =>
        new Request("primary").With("run", set).With("set", set).With("devices", devices).With("own", own).With("seed", seed);

    /// <summary>Joins the set and serves the devices in <paramref name="own"/>.</summary>
    public static Request Secondary(string set, string own, ulong seed) =>
        new Request("secondary").With("run", set).With("set", set).With("own", own).With("seed", seed);

    /// <summary>Runs an engine on the set: endless unless told how many bytes.</summary>
    public static Request Serve(string set, string direction, ulong seed, long bytes = -1) =>
        new Request("serve").With("run", set).With("set", set).With("direction", direction).With("seed", seed).With("bytes", bytes);

    public static Request Stop(string set) => new Request("stop").With("run", set);

    public static Request Close(string set) => new Request("close").With("run", set);

    public static Request Abort(string set) => new Request("abort").With("run", set);

    public static Request Create(string set) => new Request("create").With("run", set).With("set", set);

    public static Request Open(string set) => new Request("open").With("run", set).With("set", set);

    public static Request Join(string set) => new Request("join").With("run", set).With("set", set);

    public static Request GetConfiguration(string set, long timeout = -1) =>
        new Request("getconfiguration").With("run", set).With("timeout", timeout);

    public static Request OpenDevice(string set, string name) =>
        new Request("opendevice").With("run", set).With("name", name);

    public static Request ServerOpenDevice(string set, string name) =>
        new Request("serveropen").With("run", set).With("name", name);

    /// <summary>BeginConfiguration, RequestBuffers and EndConfiguration.</summary>
    public static Request Configure(string set, long size = 65536, int count = 4) =>
        new Request("configure").With("run", set).With("size", size).With("count", count);

    public static Request GetCommand(string set, string name, string command, long timeout = -1) =>
        new Request("getcommand").With("run", set).With("name", name).With("command", command).With("timeout", timeout);

    public static Request Complete(string set, string name, string command, int code = 0) =>
        new Request("complete").With("run", set).With("name", name).With("command", command).With("code", code);

    public static Request MapHandle(string set, long handle, long size) =>
        new Request("maphandle").With("run", set).With("handle", handle).With("size", size);

    public static Request Sweep() => new Request("sweep").With("run", "sweep");

    /// <summary>Asks the engine to say when so many more commands of a device are done.</summary>
    public static Request Notify(string set, int device, int count) =>
        new Request("notify").With("run", set).With("device", device).With("count", count);

    /// <summary>0,1,...,n-1.</summary>
    public static string Range(int count) => string.Join(',', Enumerable.Range(0, count));
}
