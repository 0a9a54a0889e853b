using System.Runtime.InteropServices;
using System.Text;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>The backup program on libsqlvdi.so: the same work as <see cref="VdiClientEnd"/>, through the functions of the
/// C++ classes.</summary>
internal sealed unsafe class LibraryClientEnd : BenchEnd
{
    // An object of either class is one private pointer. The set's lies in memory that does not move.
    private readonly nint* _set;
    private readonly SqlVdiLibrary _library = SqlVdiLibrary.Load();
    private readonly string _name;
    private readonly Thread[] _threads;

    public LibraryClientEnd(PayloadSet payloads, string name)
        : base(Role.Client, payloads, payloads.Plan.Devices)
    {
        _name = name;
        _set = (nint*)NativeMemory.AllocZeroed((nuint)sizeof(nint));
        _library.Construct(_set);
        uint* configuration = stackalloc uint[SqlVdiLibrary.ConfigurationFields];
        new Span<uint>(configuration, SqlVdiLibrary.ConfigurationFields).Clear();
        configuration[0] = (uint)Plan.Devices;
        Check(WithName(name, text => _library.Create(_set, (byte*)text, configuration)), "Create");
        _threads = [.. Lanes.Select(lane => StartThread($"device {lane.Device}", () => Serve(lane)))];
    }

    public override void Go()
    {
        // The server's first command is the start.
    }

    protected override void Release()
    {
        // The server has closed the devices, or has failed: then this one's process ends.
        Array.ForEach(_threads, thread => thread.Join());
        Check(_library.Close(_set), "Close");
        _library.Destruct(_set);
        NativeMemory.Free(_set);
    }

    // The name is copied before the call returns.
    private static int WithName(string name, Func<nint, int> call)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            return call((nint)text);
        }
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new BenchFailureException($"library: {call}: 0x{result:X8}");
        }
    }

    private void Serve(Lane lane)
    {
        uint* configuration = stackalloc uint[SqlVdiLibrary.ConfigurationFields];
        Check(_library.GetConfiguration(_set, -1, configuration), "GetConfiguration");
        nint* device = null;
        nint** opened = &device;
        Check(WithName(VdiServerEnd.DeviceName(_name, lane.Device), text => _library.OpenDevice(_set, (byte*)text, opened)),
            "OpenDevice");
        while (true)
        {
            SqlVdiLibrary.Command* command;
            int result = _library.GetCommand(device, -1, &command);
            if (result == (int)VdResult.Closed)
            {
                return;
            }

            Check(result, "GetCommand");
            nuint transferred = 0;
            if ((CommandCode)command->Code is CommandCode.Read or CommandCode.Write)
            {
                lane.Work(lane.Finished, new Span<byte>(command->Buffer, command->Size));
                lane.Finish();
                transferred = (nuint)command->Size;
            }

            Check(_library.CompleteCommand(device, command, (int)CompletionCode.Success, transferred, 0), "CompleteCommand");
        }
    }
}
