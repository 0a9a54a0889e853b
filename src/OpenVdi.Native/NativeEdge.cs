using OpenVdi.Native.Client;

namespace OpenVdi.Native;

/// <summary>The edge between the host's world and ours: numbers become objects, failures become codes and, when asked for,
/// lines. No exception passes it.</summary>
internal static unsafe class NativeEdge
{
    public static Handles<NativeSet> Sets { get; } = new();

    public static Handles<NativeDevice> Devices { get; } = new();

    /// <summary>The set behind a C++ object, null for what is none.</summary>
    public static NativeSet? SetOf(nint* self) => self is null || HostProcess.IsForked ? null : Sets.Find(*self);

    /// <summary>The device behind a C++ object, null for what is none.</summary>
    public static NativeDevice? DeviceOf(nint* self) => self is null || HostProcess.IsForked ? null : Devices.Find(*self);

    /// <summary>The code that a function of a set returns.</summary>
    public static int End(NativeSet? set, string function, VdResult result)
    {
        if (result != VdResult.Ok && NativeLog.IsEnabled)
        {
            NativeLog.Failure(set, null, function, result);
        }

        return (int)result;
    }

    /// <summary>The code that a function of a device returns.</summary>
    public static int End(NativeDevice? device, string function, VdResult result)
    {
        if (result != VdResult.Ok && NativeLog.IsEnabled)
        {
            NativeLog.Failure(device?.Set, device?.Device.Name, function, result);
        }

        return (int)result;
    }

    /// <summary>The code for an exception: an invariant of ours that broke, or no memory left.</summary>
    public static int Caught(string function, Exception failure)
    {
        VdResult result = failure is OutOfMemoryException ? VdResult.OutOfMemory : VdResult.Unexpected;
        if (NativeLog.IsEnabled)
        {
            NativeLog.Line("libsqlvdi", function, failure.Message, result);
        }

        return (int)result;
    }
}
