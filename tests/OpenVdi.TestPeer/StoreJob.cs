using OpenVdi.Client;

namespace OpenVdi.TestPeer;

/// <summary>A backup program: creates a set or joins one, opens its devices and runs a loop for each.</summary>
/// <remarks>Events: <c>created</c> or <c>joined</c>; <c>configured</c>; <c>opened</c>; a <c>device-end</c> for each
/// device; <c>stored</c> when all have ended. The set stays open until the test asks for Close.</remarks>
internal sealed class StoreJob(Request request, ClientVirtualDeviceSet set, EventWriter events)
{
    private readonly string _run = request["run"];

    public void Run(bool isPrimary)
    {
        string name = request["set"];
        VdResult result = isPrimary ? Create(name) : set.OpenInSecondary(name);
        events.Write(isPrimary ? "created" : "joined", _run, ("code", result), ("words", Words(result)));
        if (result != VdResult.Ok)
        {
            End(result, []);
            return;
        }

        if (isPrimary)
        {
            result = set.GetConfiguration(request.Timeout("timeout"), out _);
            events.Write("configured", _run, ("code", result), ("words", Words(result)));
            if (result != VdResult.Ok)
            {
                End(result, []);
                return;
            }
        }

        RunDevices(name);
    }

    private VdResult Create(string name) => set.Create(name, new SetConfiguration
    {
        DeviceCount = (uint)request.Number("devices", 1),
        Features = (VdFeatures)request.Number("features", (long)VdFeatures.RequestComplete),
        PrefixZoneSizeBytes = (uint)request.Number("prefix", 0),
        AlignmentBytes = (uint)request.Number("alignment", 0),
    });

    private void RunDevices(string name)
    {
        VdResult result = VdResult.Ok;
        var loops = new List<DeviceLoop>();
        foreach (int index in request.Numbers("own"))
        {
            result = set.OpenDevice(ServeJob.DeviceName(name, index), out ClientVirtualDevice? device);
            if (result != VdResult.Ok)
            {
                break;
            }

            loops.Add(new DeviceLoop(device!, index, name, request, events));
        }

        events.Write("opened", _run, ("code", result), ("words", Words(result)));
        End(result, loops);
    }

    private void End(VdResult result, List<DeviceLoop> loops)
    {
        Thread[] threads = [.. loops.Select(static loop => new Thread(loop.Run))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        loops.ForEach(static loop => loop.Dispose());
        events.Write("stored", _run, ("code", result), ("state", set.State), ("abort", set.Abort?.Reason));
    }

    private string? Words(VdResult result) => result == VdResult.Ok ? null : set.LastFailure?.ToString();
}
