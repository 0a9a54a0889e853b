using System.Runtime.InteropServices;

namespace OpenVdi.Bench.Contenders;

/// <summary>libsqlvdi.so as a program in C++ sees it: by the mangled names of its functions.</summary>
internal sealed unsafe class SqlVdiLibrary
{
    /// <summary>How many 32-bit fields a VDConfig has.</summary>
    public const int ConfigurationFields = 11;

    private const string Set = "_ZN22ClientVirtualDeviceSet";
    private const string Device = "_ZN19ClientVirtualDevice";

    private readonly delegate* unmanaged<nint*, void> _construct;
    private readonly delegate* unmanaged<nint*, void> _destruct;
    private readonly delegate* unmanaged<nint*, byte*, uint*, int> _create;
    private readonly delegate* unmanaged<nint*, nint, uint*, int> _getConfiguration;
    private readonly delegate* unmanaged<nint*, byte*, nint**, int> _openDevice;
    private readonly delegate* unmanaged<nint*, int> _close;
    private readonly delegate* unmanaged<nint*, nint, Command**, int> _getCommand;
    private readonly delegate* unmanaged<nint*, Command*, int, nuint, long, int> _completeCommand;

    private SqlVdiLibrary(nint library)
    {
        _construct = (delegate* unmanaged<nint*, void>)Find($"{Set}C1Ev");
        _destruct = (delegate* unmanaged<nint*, void>)Find($"{Set}D1Ev");
        _create = (delegate* unmanaged<nint*, byte*, uint*, int>)Find($"{Set}6CreateEPcP8VDConfig");
        _getConfiguration = (delegate* unmanaged<nint*, nint, uint*, int>)Find($"{Set}16GetConfigurationElP8VDConfig");
        _openDevice = (delegate* unmanaged<nint*, byte*, nint**, int>)Find($"{Set}10OpenDeviceEPcPP19ClientVirtualDevice");
        _close = (delegate* unmanaged<nint*, int>)Find($"{Set}5CloseEv");
        _getCommand = (delegate* unmanaged<nint*, nint, Command**, int>)Find($"{Device}10GetCommandElPP11VDC_Command");
        _completeCommand = (delegate* unmanaged<nint*, Command*, int, nuint, long, int>)Find(
            $"{Device}15CompleteCommandEP11VDC_Commandiml");

        nint Find(string name) => NativeLibrary.GetExport(library, name);
    }

    /// <summary>Loads the library that `vdi native build` made in the tree around this program.</summary>
    public static SqlVdiLibrary Load()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            string path = Path.Combine(directory.FullName, "artifacts", "native", "lib", "libsqlvdi.so");
            if (File.Exists(path))
            {
                return new SqlVdiLibrary(NativeLibrary.Load(path));
            }
        }

        throw new BenchFailureException($"no artifacts/native/lib/libsqlvdi.so around {AppContext.BaseDirectory}: "
            + "HINT: vdi native build makes it.");
    }

    public void Construct(nint* set) => _construct(set);

    public void Destruct(nint* set) => _destruct(set);

    public int Create(nint* set, byte* name, uint* configuration) => _create(set, name, configuration);

    public int GetConfiguration(nint* set, nint timeout, uint* configuration) => _getConfiguration(set, timeout, configuration);

    public int OpenDevice(nint* set, byte* name, nint** device) => _openDevice(set, name, device);

    public int Close(nint* set) => _close(set);

    public int GetCommand(nint* device, nint timeout, Command** command) => _getCommand(device, timeout, command);

    public int CompleteCommand(nint* device, Command* command, int code, nuint bytes, long position) =>
        _completeCommand(device, command, code, bytes, position);

    /// <summary>VDC_Command.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Command
    {
        public int Code;
        public int Size;
        public long Position;
        public byte* Buffer;
    }
}
