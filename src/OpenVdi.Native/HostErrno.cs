using System.Runtime.InteropServices;

namespace OpenVdi.Native;

/// <summary>Keeps the host's errno over a call of this library, which has codes of its own: a host that looks at errno
/// later, for what failed before the call, finds it.</summary>
internal readonly ref struct HostErrno : IDisposable
{
    private readonly int _value;

    private HostErrno(int value) => _value = value;

    public static HostErrno Keep() => new(Marshal.GetLastSystemError());

    public void Dispose() => Marshal.SetLastSystemError(_value);
}
